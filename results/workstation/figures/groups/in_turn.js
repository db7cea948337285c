curves["groups/in_turn"]=[];
