"""Who is for or against what: stance and sentiment of statements, with calibrated probabilities.

from stance import Classifier, Statement, models_dir, read_catalogue

classifier = Classifier.open(models_dir())
issues = list(read_catalogue())
for result in classifier.classify([Statement("Kyiv will not give up any land.")], issues):
    print(result.to_json())
"""

from stance.bundle import models_dir
from stance.classifier import Classifier
from stance.domain import Issue, Prediction, Result, Sentiment, Stance, Statement
from stance.errors import StanceError
from stance.issues import Catalogue, read_catalogue

__all__ = [
    "Catalogue", "Classifier", "Issue", "Prediction", "Result", "Sentiment", "Stance",
    "StanceError", "Statement", "models_dir", "read_catalogue",
]  # fmt: skip
