"""A recipe names everything that decides the rows of a projected corpus for one language."""

from __future__ import annotations

from xner_hf.recipe.config import (
    RECIPES,
    AlignerConfig,
    BackTranslationConfig,
    Member,
    ProjectorConfig,
    Recipe,
    TaggerConfig,
    TextConfig,
    TranslatorConfig,
)
from xner_hf.recipe.defaults import default_recipe, load_recipe, make_recipe
from xner_hf.recipe.parse import filters_config, projector_config, recipe_from_dict, tagger_config

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
