curves["groups/attention"]=[];
