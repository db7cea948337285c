curves["distributions/warm_ups"]=[];
