curves["distributions/sizes_and_budgets"]=[];
