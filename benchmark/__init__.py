"""ganrepro: does a GAN paper's evidence hold? The pipeline, each arrow a file on disk:

    papers/x.yaml -> spec.PaperSpec -> runs.plan.Run -> training -> runs.records.RunRecord
                                                        RunRecord -> judging.Verdict -> reporting

One room for each stage: ``spec`` is the paper as data; ``parts`` holds everything that a spec can name, one folder for
each kind; ``training`` is the one loop; ``runs`` plans runs, executes them and keeps their immutable records;
``evaluation`` measures trained systems; ``judging`` and ``reporting`` read records only and never import torch;
``commands`` is the command line. ``registry``, ``places`` and ``batches`` are what all rooms stand on.
"""

__version__ = "0.1.0"
