curves["mechanism/credit"]=[];
