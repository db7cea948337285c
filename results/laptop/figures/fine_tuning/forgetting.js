curves["fine_tuning/forgetting"]=[];
