curves["fine_tuning/seen_people"]=[];
