curves["memory/trajectories"]=[];
