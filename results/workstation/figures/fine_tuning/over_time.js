curves["fine_tuning/over_time"]=[];
