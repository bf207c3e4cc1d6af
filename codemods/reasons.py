"""Every reason code in a user's words: what it means, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from codemods.references import Reason


@dataclass(frozen=True)
class Explanation:
    """What a reason code means, and the way on."""

    meaning: str
    remedy: str


EXPLANATIONS: dict[Reason, Explanation] = {
    Reason.CANONICAL_OWN_IMPORT: Explanation(
        "The canonical module itself imports this. Rewritten, it would import itself.",
        "Nothing to do. To get rid of the old module, move what it defines into the canonical one by hand.",
    ),
    Reason.HOME: Explanation(
        "The path leads to a home: a module that owns what it defines, although the canonical module re-exports it.",
        "Nothing to do. To migrate it too, take the module out of homes, or name it in shims.",
    ),
    Reason.KEEP_COMMENT: Explanation(
        "A comment '# unshim: keep' stands on the line.",
        "Take the comment away to have the reference rewritten.",
    ),
    Reason.KEEP_RECIPE: Explanation(
        'The recipe\'s moves say "keep".',
        "Take the line out of [unshim.moves] to have the reference rewritten.",
    ),
    Reason.PATH_UNDER_TEST: Explanation(
        "The import stands under pytest.warns, pytest.raises, catch_warnings or the like: the old path itself is "
        "what the test is about, and rewriting it would make the test fail or say nothing.",
        "Delete such a test when the old path goes, or rewrite it by hand.",
    ),
    Reason.PATCHED_WHERE_READ: Explanation(
        "A patch replaces the name in the module whose own code reads it. That namespace is right before and after.",
        "Nothing to do.",
    ),
    Reason.RUNTIME_NAME: Explanation(
        "The text is a name at run time (a logger's), which has the form of a path and imports nothing.",
        "Nothing to do; if the name should follow, change it together with the configuration that uses it.",
    ),
    Reason.DIFFERENT_OBJECT: Explanation(
        "The path has the name of a canonical symbol and is bound to another object: a second class, a subclass, "
        "a wrapper function.",
        "Decide which one is meant. A line in [unshim.moves] makes unshim rewrite it.",
    ),
    Reason.NO_CANONICAL_HOME: Explanation(
        "The name is taken from a non-canonical module, and no canonical module has the object.",
        "Move the object by hand, or give it a home in the recipe, or a line in [unshim.moves].",
    ),
    Reason.REPAIR_OFF: Explanation(
        "The import fails today; the canonical module has the name, so a rewrite would repair it.",
        "Set repairs = true in the recipe to have such imports rewritten.",
    ),
    Reason.NAME_MISSING: Explanation(
        "The module does not have this name: the import fails today.",
        "Correct the import by hand, or say in [unshim.moves] what is meant.",
    ),
    Reason.MODULE_MISSING: Explanation(
        "The module does not exist, or cannot be imported: the import fails today.",
        "Correct the import by hand, or say in [unshim.moves] what is meant.",
    ),
    Reason.AMBIGUOUS_BINDING: Explanation(
        "The name is bound to different objects on different ways through the module (if/else, try/except).",
        "Decide which one is meant, with a line in [unshim.moves].",
    ),
    Reason.REBOUND: Explanation(
        "A module on the way assigns to the name while the program runs, so that a copy made at import time can be "
        "another object.",
        "Make sure that both mean the same, then say so in [unshim.moves].",
    ),
    Reason.RE_EXPORT_CYCLE: Explanation(
        "The modules re-export the name from each other in a circle; none of them defines it.",
        "Break the circle by hand.",
    ),
    Reason.COMPUTED_NAMES: Explanation(
        "The module computes its names (__getattr__, globals(), exec, a star import from outside).",
        "Say in [unshim.moves] what the name is.",
    ),
    Reason.TYPE_CHECKING_ONLY: Explanation(
        "The module binds the name under TYPE_CHECKING only; at run time it does not exist.",
        "Correct the import by hand, or say in [unshim.moves] what is meant.",
    ),
    Reason.TARGET_MISSING: Explanation(
        "The place that the recipe's move names does not have the name.",
        "Correct the move; for a target outside the repository add external = true.",
    ),
    Reason.TARGET_SUBMODULE_MISSING: Explanation(
        "A submodule of the moved package is used, and the new package has no such submodule.",
        "Give the submodule a move of its own.",
    ),
    Reason.BEYOND_ROOT: Explanation(
        "A relative import counts more dots than the file has packages: what it means depends on how it is run.",
        "Write the import absolutely, or set source_roots in the recipe.",
    ),
    Reason.STAR_IMPORT: Explanation(
        "A star import from a module that does not export exactly what the canonical one exports.",
        "Name what you need in the import, then run unshim again.",
    ),
    Reason.MODULE_AS_VALUE: Explanation(
        "The module object itself is used as a value (passed on, inspected, reloaded), and two modules are "
        "never the same object.",
        "Change it by hand, or move the whole module in [unshim.moves].",
    ),
    Reason.NAMES_STAY_BEHIND: Explanation(
        "One import binds the module, and some names used through it cannot move with the others.",
        "Import the names that stay by themselves, then run unshim again.",
    ),
    Reason.SHARED_BINDING: Explanation(
        "The local name is also bound to something else in the same scope.",
        "Give the two things two names.",
    ),
    Reason.LOADED_FOR_OTHERS: Explanation(
        "Another file uses the module without importing it, in a way that stays: it works only because imports like "
        "this one load the module. Or the import decides whether a name of a package is its submodule.",
        "Give that file an import of its own, or change it by hand; then run unshim again.",
    ),
    Reason.WRITTEN_ATTRIBUTE: Explanation(
        "The code assigns to an attribute of the module: it would change another module afterwards.",
        "Change it by hand, or move the whole module in [unshim.moves].",
    ),
    Reason.NAME_CAPTURE: Explanation(
        "The new name already means something else here.",
        "Rename the other thing, then run unshim again.",
    ),
    Reason.PUBLIC_NAME: Explanation(
        "Other files, or __all__, take the name from this module, so that it must keep it.",
        "Change these first, then run unshim again.",
    ),
    Reason.HIDDEN_SUBMODULE: Explanation(
        "The package's __init__ binds the canonical module's name to something else, so that importing the module "
        "as an attribute of the package gives that instead.",
        "Rename the attribute in the package's __init__, or import the names one by one.",
    ),
    Reason.IMPORT_CYCLE: Explanation(
        "The canonical module itself imports this file when it is imported: the rewrite would close a circle.",
        "Move the import into the function that needs it, then run unshim again.",
    ),
    Reason.OTHER_ROOT: Explanation(
        "The file can be imported under two names (two source roots, PYTHONPATH). Python runs it once for each, with "
        "two of every class, so that the two names are not the same object.",
        "Import it under one name by hand, or set source_roots in the recipe.",
    ),
    Reason.EQUAL_BRANCHES: Explanation(
        "Rewritten, both branches of try/except ImportError would import the same, and it is not proved that the "
        "import cannot fail.",
        "Remove the try statement by hand if the fallback is not needed.",
    ),
    Reason.ODD_LAYOUT: Explanation(
        "The statement is written in a way that cannot be split without losing something.",
        "Split the statement by hand, then run unshim again.",
    ),
    Reason.SIDE_EFFECT_IMPORT: Explanation(
        "The module is imported and not used: perhaps for what the import does.",
        "Remove the import, or import the canonical module, by hand.",
    ),
    Reason.TEXT_MENTION: Explanation(
        "A string, a comment or another file names the module. Such texts are listed and not rewritten; a string or "
        "a configuration file keeps the module from being deleted.",
        "Change the text by hand, then run unshim again.",
    ),
    Reason.COMPUTED_STRING: Explanation(
        "The path is put together at run time, from parts that this file does not show.",
        "Change it by hand, or write the path out.",
    ),
    Reason.USE_NOT_VISIBLE: Explanation(
        "A string is exactly such a path, and nothing in this file shows what is done with it.",
        'Change it by hand if it is imported somewhere; or ask for such strings with texts = ["dotted-string"].',
    ),
    Reason.PATCH_READER_STAYS: Explanation(
        "A patch replaces the name in the old module, and some code that reads it there stays: moved, the patch would "
        "not reach that code any more.",
        "Settle the code that is named first; the patch follows then.",
    ),
    Reason.PATCHED_UNDER_OLD_PATH: Explanation(
        "The import runs inside a function, and a test patches the name in the old module. That patch stays, and "
        "would not reach this import any more if it moved.",
        "Settle the patch that is named first; the import follows then.",
    ),
    Reason.PATCHED_HELPER: Explanation(
        "A patch replaces something that the old module merely uses (a logger, a library). Which module's code should "
        "get the replacement is not to be seen.",
        "Patch the name in the module whose code reads it.",
    ),
    Reason.PATCH_FAILS_TODAY: Explanation(
        "The patch names something that does not exist when the test runs: the module imports the name inside "
        "functions only, or not at all.",
        "Patch the name in the canonical module, and see whether the test still means what it says.",
    ),
    Reason.PERSISTED_NAME: Explanation(
        "The path may be stored outside of the repository (pickles, task names, migrations).",
        "Keep a forwarder for as long as the stored data lives, or change both together.",
    ),
    Reason.BROKEN_FILE: Explanation(
        "The file does not parse, and the change would need more than another path in a whole statement.",
        "Mend the file, then run unshim again.",
    ),
    Reason.SYNTAX_ERROR: Explanation(
        "The file is no valid Python 3 of any version. Whole import statements in it are changed, and strings that are "
        "surely looked up; what the error hides was not seen.",
        "Mend the file, then run unshim again.",
    ),
    Reason.PYTHON_2: Explanation(
        "The file is Python 2. Import statements and strings in it are changed where that needs nothing else.",
        "Port the file, exclude it, or change it by hand.",
    ),
    Reason.CONFLICT_MARKERS: Explanation(
        "The file holds merge conflict markers; nothing in it was changed.",
        "Resolve the conflict, then run unshim again.",
    ),
    Reason.UNDECODABLE: Explanation(
        "The file is no text in the encoding that it declares (UTF-8, if it declares none).",
        "Correct the file's encoding or its coding comment.",
    ),
    Reason.NOT_TEXT: Explanation(
        "The file holds NUL bytes: it is no text.",
        "Exclude it in the recipe, or correct its name.",
    ),
    Reason.TOO_LARGE: Explanation(
        "The file is larger than unshim parses.",
        "Exclude it in the recipe if it is generated.",
    ),
    Reason.BLOB_MISSING: Explanation(
        "This clone does not have the file's content (a partial clone, or a damaged one).",
        "Fetch the content (git fetch --refetch), or exclude the file.",
    ),
    Reason.SYMLINK: Explanation(
        "A symbolic link is not followed: its target is checked under its own name, if it is in the repository.",
        "Exclude the link in the recipe if it is meant.",
    ),
    Reason.SUBMODULE: Explanation(
        "A submodule is a repository of its own.",
        "Run unshim in it; exclude it here.",
    ),
}
