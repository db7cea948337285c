curves["groups/patched_attention"]=[];
