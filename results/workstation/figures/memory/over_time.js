curves["memory/over_time"]=[];
