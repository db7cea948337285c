curves["phases/three_phases"]=[];
