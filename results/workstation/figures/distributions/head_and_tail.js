curves["distributions/head_and_tail"]=[];
