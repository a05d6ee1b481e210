"""Export the encoder of passages to ONNX: the stock weights of all-MiniLM-L6-v2, as their package carries them.

python training/export_passages.py OUTPUT_FOLDER
"""

import argparse
from pathlib import Path

from exporting import export_encoder

from askalms.embedding import model_location
from askalms.settings import STOCK_MODEL

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("output", type=Path)
    export_encoder(model_location(STOCK_MODEL), parser.parse_args().output)
