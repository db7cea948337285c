curves["distributions/curricula"]=[];
