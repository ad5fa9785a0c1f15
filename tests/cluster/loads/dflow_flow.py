"""Workflows written with dflow, as Argo's manifests on stdout. usage: dflow_flow.py hello|pool|slices [LIMIT]   LIMIT: of CPU; empty: none"""
import json
import os
import signal
import sys
import time

from dflow import InputParameter, OutputParameter, ShellOPTemplate, Step, Workflow, argo_range
from dflow.python import OP, OPIO, OPIOSign, PythonOPTemplate, Slices

IMAGE, SHELL = "localhost/debian:1", "localhost/busybox:1"

# dflow lets SIGTERM raise and leaves its pool to the interpreter's end, which ends workers by SIGTERM: one that swallows the exception
# is waited for for ever.
os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))


class Square(OP):
    @classmethod
    def get_input_sign(cls):
        return OPIOSign({"x": int})

    @classmethod
    def get_output_sign(cls):
        return OPIOSign({"y": int})

    @OP.exec_sign_check
    def execute(self, op_in):
        began = time.process_time()
        while time.process_time() - began < 0.3:
            pass
        return OPIO({"y": op_in["x"] ** 2})


def resources(limit):
    return {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "512Mi", **({"cpu": limit} if limit else {})}}


def hello(limit):
    """The hello-world of its README: one step's output is the next one's input."""
    workflow = Workflow(name="dflow-hello")
    say = ShellOPTemplate(name="hello", image=SHELL, image_pull_policy="Never", **resources(limit),
                          script="echo user begin; echo hello world > /tmp/message.txt; echo user end")
    say.outputs.parameters["message"] = OutputParameter(value_from_path="/tmp/message.txt")
    again = ShellOPTemplate(name="duplicate", image=SHELL, image_pull_policy="Never", **resources(limit),
                            script="echo user begin; echo {{inputs.parameters.message}} {{inputs.parameters.message}}; echo user end")
    again.inputs.parameters["message"] = InputParameter()
    first = Step(name="say", template=say)
    workflow.add(first)
    workflow.add(Step(name="again", template=again, parameters={"message": first.outputs.parameters["message"]}))
    return workflow


def sliced(name, numbers, limit, **how):
    """@return a step of many slices; `how` many share a pod"""
    step = PythonOPTemplate(Square, image=IMAGE, image_pull_policy="Never", upload_dflow=False, **resources(limit),
                            slices=Slices("{{item}}", input_parameter=["x"], output_parameter=["y"], **how))
    return Step(name=f"square-{name}", template=step, parameters={"x": list(numbers)}, with_param=argo_range(len(numbers)),
                key=f"square-{name}-{{{{item}}}}")


def pool(limit):
    """Four pods with a process pool each, three slices in each."""
    workflow = Workflow(name="dflow-pool")
    workflow.add(sliced("pool", range(12), limit, group_size=3, pool_size=-1))
    return workflow


def slices(limit):
    """Two pods with a process pool each, and then one pod a slice."""
    workflow = Workflow(name="dflow-slices")
    workflow.add(sliced("pool", range(6), limit, group_size=3, pool_size=-1))
    workflow.add(sliced("one", range(6, 8), limit))
    return workflow


def main():
    make = {"hello": hello, "pool": pool, "slices": slices}[sys.argv[1]]
    workflow = make(sys.argv[2] if len(sys.argv) > 2 else "").to_dict()
    json.dump({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", **workflow}, sys.stdout)


main()
