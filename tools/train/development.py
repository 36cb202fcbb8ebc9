"""What settings are chosen by: sets apart from the reported ones, none of which is trained on. Intents of NLU-Evaluation-Data (CC BY
4.0; 64 intents in 18 scenarios) and the training half of STS-B."""
import json

import numpy as np
from scipy.stats import rankdata

import measures
import repositories
from sentences import rows

FEWEST = 25          # utterances of an intent
HOME = "CrossValidation/out4RasaReal/rasa_json_2018_03_22-13_01_25_169_80Train/CrossValidation/KFold_1/merged/"


def intents():
    said = {}
    for _, text in repositories.files("xliuhw/NLU-Evaluation-Data", HOME, ".json"):
        for example in json.loads(text)["rasa_nlu_data"]["common_examples"]:
            said.setdefault(example["text"], example["intent"])
    names, counts = np.unique(list(said.values()), return_counts=True)
    many = set(names[counts >= FEWEST])
    return [(text, intent) for text, intent in said.items() if intent in many]


def measure(encode, data):
    said = intents()
    vectors, labels = encode([text for text, _ in said]), np.array([intent for _, intent in said])
    out = {f"NLU-Evaluation, {count} examples per intent": measures.centroid_accuracy(vectors, labels, count) for count in (10, 5)}
    scenarios = np.array([intent.split("_")[0] for intent in labels])
    out["NLU-Evaluation, scenarios, 10 prompts each"] = measures.centroid_accuracy(vectors, scenarios, 10)
    pairs = list(rows(data, "stsb_train"))
    cosines = (encode([p["a"] for p in pairs]) * encode([p["b"] for p in pairs])).sum(1)
    out["STS-B train, Spearman"] = measures.pearson(rankdata(cosines), rankdata([float(p["score"]) for p in pairs]))
    return {name: 100 * float(value) for name, value in out.items()}
