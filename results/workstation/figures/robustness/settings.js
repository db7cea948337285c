curves["robustness/settings"]=[];
