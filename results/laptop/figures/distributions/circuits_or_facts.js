curves["distributions/circuits_or_facts"]=[];
