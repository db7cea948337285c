curves["fine_tuning/exposures"]=[];
