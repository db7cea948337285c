curves["hallucination/growing_population"]=[];
