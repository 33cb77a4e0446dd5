"""ganrepro: does a GAN paper's evidence hold? The pipeline, each arrow a file on disk:

    papers/x.yaml -> spec.PaperSpec -> plan.Run -> training -> runner -> store.RunRecord
                                                    RunRecord -> judging.Verdict -> reporting

``registry`` and ``spec`` know what a paper says; ``datasets``, ``networks``, ``initialisers``, ``objectives``,
``penalties``, ``optimizers`` and ``metrics`` are the parts a spec may name, one part per file; ``plan`` turns specs
into runs with content-hashed ids; ``training`` holds the one loop; ``runner`` does one run, ``measuring`` what is
measured of it; ``engines`` do many; ``store`` keeps immutable records; ``judging`` and ``reporting`` read records only
and never import torch. ``anchors``, ``rescoring`` and ``calibration`` measure what ``companions`` keeps beside the
records: floors and ceilings of scores, other protocols, and what a device does.
"""

__version__ = "0.1.0"
