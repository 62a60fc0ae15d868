"""Where it was measured: versions, processor, cores, BLAS and its threads."""

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = ("zanjir", "numpy", "scipy", "llvmlite", "torch", "jax", "keras", "scikit-learn", "mygrad", "micrograd")


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent" if package != "zanjir" else "from its source"


def processor():
    information = Path("/proc/cpuinfo")
    lines = information.read_text(encoding="utf-8").splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def blas():
    import numpy as np
    from threadpoolctl import threadpool_info

    found = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    names = [f"{pool['internal_api']} {pool['version']} ({pool['num_threads']} threads)" for pool in found]
    return f"NumPy {np.__version__} on {', '.join(names) or 'a BLAS that does not tell its name'}"


def described():
    """Return what a table must say of its machine, by name."""
    return {
        "Python": platform.python_version(), "processor": processor(), "cores": os.cpu_count(),
        "load before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "BLAS": blas(), "versions": {package: version(package) for package in PACKAGES},
    }  # fmt: skip
