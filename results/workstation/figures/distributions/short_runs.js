curves["distributions/short_runs"]=[];
