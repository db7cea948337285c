curves["groups/constant_rate"]=[];
