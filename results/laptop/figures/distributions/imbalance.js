curves["distributions/imbalance"]=[];
