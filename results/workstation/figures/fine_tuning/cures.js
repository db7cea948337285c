curves["fine_tuning/cures"]=[];
