curves["mechanism/circuits_by_seed"]=[];
