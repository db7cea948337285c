curves["fine_tuning/attention"]=[];
