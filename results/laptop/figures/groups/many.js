curves["groups/many"]=[];
