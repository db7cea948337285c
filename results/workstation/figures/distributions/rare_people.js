curves["distributions/rare_people"]=[];
