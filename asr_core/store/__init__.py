"""The models on this computer: what there is by name, what was added, how one comes and goes.

    catalogue  what is known of a model before it is here
    shelf      the models that were added: list, find, verify, remove
    adding     lets `program` bring one, in a process of its own, and follows it
    hub        the way over the network, by the hub's own client; only `program` may take it
    carried    the way from a folder or an archive
    pickled    the pickle beside what ModelOpt quantized, and the yes to it
    bundled    the model that is installed with Sottovoce

A model that was added is a folder of its own with a manifest in it. The folder gets its name when
every byte is there, so a download that was cut off is never taken for a model.
"""

from asr_core.store.catalogue import Entry as Entry
from asr_core.store.catalogue import catalogue as catalogue
from asr_core.store.catalogue import entry as entry
from asr_core.store.shelf import Shelved as Shelved
from asr_core.store.shelf import model_folder as model_folder
from asr_core.store.shelf import shelved as shelved
