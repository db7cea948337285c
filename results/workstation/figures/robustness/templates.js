curves["robustness/templates"]=[];
