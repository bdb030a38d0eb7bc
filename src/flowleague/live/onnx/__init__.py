"""Programs written in ONNX: `convert` goes through a program, the others translate its operations one by one."""
