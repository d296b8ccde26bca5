"""A recipe names everything that decides the rows of a projected corpus for one language."""

from __future__ import annotations

from xner_hf.recipe.config import RECIPES, Member, Recipe
from xner_hf.recipe.defaults import default_recipe, load_recipe, make_recipe
from xner_hf.recipe.parse import filters_config, projector_config, recipe_from_dict, tagger_config
from xner_hf.recipe.parts import (
    AlignerConfig,
    BackTranslationConfig,
    ProjectorConfig,
    TaggerConfig,
    TextConfig,
    TranslatorConfig,
)

__all__ = [
    "RECIPES",
    "AlignerConfig",
    "BackTranslationConfig",
    "Member",
    "ProjectorConfig",
    "Recipe",
    "TaggerConfig",
    "TextConfig",
    "TranslatorConfig",
    "default_recipe",
    "filters_config",
    "load_recipe",
    "make_recipe",
    "projector_config",
    "recipe_from_dict",
    "tagger_config",
]
