"""Directions other than parallel text, on the invented mirror: rows in, rows out, and where their labels come from."""

from __future__ import annotations

import pytest

from xner_hf.errors import NotAvailable, XnerError
from xner_hf.pipeline import text, work
from xner_hf.pipeline.inputs import sign
from xner_hf.pipeline.run import run_recipe, source_side
from xner_hf.recipe import make_recipe, recipe_from_dict

MAFAND = {"corpus": "masakhane/mafand", "config": "en-hau"}
LOOK_UP = {"method": "parallel", "corpora": ["masakhane/mafand:en-hau"]}
TAGGER = "xner/minilm-conll2003-en"


def by_id(rows):
    return {row["id"]: row for split in rows.values() for row in split}


def translate_test(**overrides):
    given = {"text": MAFAND, "translator": LOOK_UP, "projector": "candidates", **overrides}
    return make_recipe("hau", "translate-test", given)


class TestTranslateTest:
    def test_looked_up_translations_give_the_labels_of_parallel_text(self, mirror, rows_of):
        parallel = by_id(rows_of(run_recipe(make_recipe("hau", "parallel", {"projector": "candidates"}))))
        found = by_id(rows_of(run_recipe(translate_test())))
        assert set(found) == set(parallel)  # rows in = rows out, blank ones included
        both = [name for name in found if not found[name]["reason"] and not parallel[name]["reason"]]
        assert len(both) >= 6
        for name in both:
            for column in ("tokens", "source_tokens", "source_entities", "ner_tags", "source_language"):
                assert found[name][column] == parallel[name][column], (name, column)

    def test_sentences_are_rejected_with_the_reason_that_the_text_or_the_translation_gives(self, mirror, rows_of):
        found = by_id(rows_of(run_recipe(translate_test())))
        reasons = {name: row["reason"] for name, row in found.items() if row["reason"]}
        assert reasons["en-hau/train/4"] == "evaluation_overlap"
        assert reasons["en-hau/train/5"] == "translation_missing"  # the English side is empty
        assert reasons["en-hau/train/6"] == "no_letters"
        assert reasons["en-hau/train/7"] == "duplicate"  # of row 0 but for case and punctuation
        for name, reason in reasons.items():
            assert found[name]["ner_tags"] == []
            # What projection gave up on keeps what there was to project.
            assert not found[name]["source_entities"] or reason in ("nothing_projected", "no_alignment")

    def test_text_of_the_users_own_is_split_into_sentences_and_looked_up(self, mirror, tmp_path, rows_of):
        (tmp_path / "text").mkdir()
        (tmp_path / "text" / "a.txt").write_text(
            "Amina ta ziyarci Kano jiya. Musa ya bar Jos da safe.\n\nBa a san wannan ba sosai.\n", encoding="utf-8"
        )
        (tmp_path / "known.tsv").write_text(
            "Amina visited Kano yesterday.\tAmina ta ziyarci Kano jiya.\nMusa left Jos.\tMusa ya bar Jos da safe.\n",
            encoding="utf-8",
        )
        recipe = translate_test(
            text={"corpus": str(tmp_path / "text")},
            translator={"method": "parallel", "corpora": [str(tmp_path / "known.tsv")]},
        )
        rows = by_id(rows_of(run_recipe(recipe)))
        assert {name: row["reason"] for name, row in rows.items()} == {
            "a.txt:1#0": None,
            "a.txt:1#1": None,
            "a.txt:3#0": "translation_missing",
        }
        assert rows["a.txt:1#0"]["source_tokens"] == ["Amina", "visited", "Kano", "yesterday", "."]
        assert rows["a.txt:1#0"]["ner_tags"] == [1, 0, 0, 5, 0, 0]

    def test_a_killed_translation_goes_on_where_it_stopped(self, mirror, monkeypatch, rows_of):
        monkeypatch.setattr(text, "SHARD", 5)
        made: list[int] = []
        original = work.TranslateShard.__call__

        def killed(self, number):
            made.append(number)
            if made == [0, 1]:
                raise KeyboardInterrupt
            return original(self, number)

        monkeypatch.setattr(work.TranslateShard, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            run_recipe(translate_test())
        run = run_recipe(translate_test())
        assert made == [0, 1, 1, 2, 3]  # shard 0 was kept
        assert run.stages.rows == 16 == sum(map(len, rows_of(run).values()))

    def test_the_signature_knows_the_translator_and_its_text(self, mirror, tmp_path):
        first = sign(translate_test())
        (tmp_path / "known.tsv").write_text("Amina slept.\tAmina ta yi barci.\n", encoding="utf-8")
        other = translate_test(translator={"method": "parallel", "corpora": [str(tmp_path / "known.tsv")]})
        second = sign(other)
        assert first.text == second.text
        assert first.translate != second.translate and first.align != second.align and first.project != second.project
        (tmp_path / "known.tsv").write_text("Amina sleeps.\tAmina ta yi barci.\n", encoding="utf-8")
        assert sign(other).translate != second.translate

    def test_a_missing_translator_is_named_before_any_work_with_what_works(self, mirror):
        recipe = translate_test(translator={"method": "seq2seq", "model": "facebook/nllb-200-distilled-600M"})
        with pytest.raises(NotAvailable, match=r"nllb-200-distilled-600M.*other recipes that work here: parallel"):
            run_recipe(recipe)

    def test_only_the_stages_of_the_source_side_are_run_when_no_more_is_wanted(self, mirror):
        run = source_side(translate_test())
        assert list(run.stages.made) == ["text", "translate", "tag"]
        assert list(source_side(translate_test(), tagged=False).stages.made) == ["text", "translate"]


class TestTransfer:
    def test_the_tagger_labels_the_target_text_itself(self, mirror, rows_of):
        run = run_recipe(make_recipe("hau", "transfer", {"text": MAFAND, "tagger": TAGGER}))
        rows = by_id(rows_of(run))
        first = rows["en-hau/train/0"]
        assert first["ner_tags"] == [1, 2, 0, 0, 5, 0]
        assert (first["language"], first["source_language"]) == ("hau", "hau")
        assert (first["source_tokens"], first["links"]) == (first["tokens"], [])
        assert [entity["source"] for entity in first["entities"]] == [0, 1]
        assert {row["reason"] for row in rows.values()} >= {"evaluation_overlap", "no_letters", "duplicate", None}

    def test_distributions_are_kept_on_request(self, mirror):
        tagger = {"model": TAGGER, "distributions": True}
        run = run_recipe(make_recipe("hau", "transfer", {"text": MAFAND, "tagger": tagger}))
        rows = run.stages.read(0, ["tokens", "reason", "source_labels"])
        for row in rows:
            assert len(row["source_labels"]) == (0 if row["reason"] else len(row["tokens"]))
        assert max(range(7), key=rows[0]["source_labels"][0].__getitem__) == 1  # Amina is B-PER

    def test_settings_that_it_cannot_use_are_refused(self):
        with pytest.raises(XnerError, match="projects nothing; leave aligner out"):
            make_recipe("hau", "transfer", {"aligner": "none"})


class TestCombine:
    def members(self, **transfer):
        return [
            {"recipe": "parallel", "projector": "candidates"},
            {"recipe": "transfer", "tagger": TAGGER, **transfer},
        ]

    @pytest.mark.parametrize("combination", ["average", "vote"])
    def test_members_label_the_same_sentences_and_are_joined(self, mirror, rows_of, combination):
        recipe = make_recipe("hau", "combine", {"members": self.members(), "combination": combination})
        run = run_recipe(recipe)
        rows = by_id(rows_of(run))
        assert len(rows) == 16
        assert rows["en-hau/train/0"]["ner_tags"] == [1, 2, 0, 0, 5, 0]
        assert rows["en-hau/train/4"]["reason"] == "evaluation_overlap"  # every member rejects it
        assert rows["en-hau/train/7"]["reason"] is None  # transfer calls it a duplicate, parallel keeps it
        assert [one.name for one in run.stats][-1] == "combine"

    def test_what_only_one_of_two_says_is_outvoted_unless_it_weighs_more(
        self, mirror, rows_of, tmp_path, write_tagger
    ):
        write_tagger(tmp_path / "other", {"B-LOC": ["Amina"]})
        tagger = str(tmp_path / "other")
        labels = {}
        for weight in (0.5, 3.0):
            members = self.members(tagger=tagger, weight=weight)
            recipe = make_recipe("hau", "combine", {"members": members, "combination": "vote"})
            labels[weight] = by_id(rows_of(run_recipe(recipe)))["en-hau/train/0"]["ner_tags"]
        assert labels == {0.5: [1, 2, 0, 0, 5, 0], 3.0: [5, 0, 0, 0, 0, 0]}

    def test_members_with_other_text_are_refused(self, mirror):
        members = self.members(limit=3)
        with pytest.raises(XnerError, match="members of 'combine' read different text: parallel 16, transfer 3"):
            run_recipe(make_recipe("hau", "combine", {"members": members}))

    def test_recipes_survive_yaml(self):
        recipe = make_recipe("luo", "combine")
        assert recipe_from_dict(recipe.to_dict()) == recipe
        assert [member.recipe.recipe for member in recipe.members] == ["parallel", "transfer"]
        assert len({member.recipe.text for member in recipe.members}) == 1

    @pytest.mark.parametrize(
        ("members", "message"),
        [
            ([{"recipe": "parallel"}], "has one member"),
            ([{"recipe": "paralel"}, {"recipe": "transfer"}], "did you mean 'parallel'"),
            ([{"recipe": "parallel", "weight": 0}, {"recipe": "transfer"}], "must be above 0"),
            ("parallel", "it is a list of recipes"),
        ],
    )
    def test_wrong_members_are_named(self, members, message):
        with pytest.raises(XnerError, match=r"(?i)" + message):
            make_recipe("hau", "combine", {"members": members})
