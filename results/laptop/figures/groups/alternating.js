curves["groups/alternating"]=[];
