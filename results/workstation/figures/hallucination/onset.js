curves["hallucination/onset"]=[];
