curves["mechanism/frozen_attention"]=[];
