curves["mechanism/attention_circuits"]=[];
