"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "a920cfca1e7ca88d3dea53049f76823431e90ac98da438a861d095ceeebb4777",
    "domain/hosts.py": "cce3a11eb8c7c3021efc0ed9059085665fa9ed66307fea8e924124183a9804ee",
    "domain/intents.py": "114e4d9206913131f25348936000cd25165a049bd18d41db7199bab63fe428e0",
    "kernel/budget.py": "c55e7176235b825a97e1ad10d6823d06b323ddb4dadb4bbe3a4ab15e4ec07f25",
    "kernel/dispatch.py": "f5b9e346f6b4da4a8b339d80d3cbdfaabc4994e14de5f81a33b3437953e10c51",
    "kernel/two_keys.py": "c4955f88a8b33ddc14877963b198a28cf1cdda709e8d4c582fd7708bd09486cb",
    "capabilities/governance/policy.py": "9d6a5c92a06cf5e5db0dd3424d6784e5194df825da23e53137e9f613c9bf6a90",
    "capabilities/governance/redact.py": "f4b03b691e102bcd8b9a494cff2a0f6dbe127eea4001a3b18dbef00a429e4a73",
    "capabilities/keys/_notary.py": "331bc3817d8c2eb1579420c66c13aa2d776812a1c15d03071717f906a3e0e59d",
    "capabilities/keys/_sshsig.py": "ceccd6ad738ff093a156fe108d570e04e4176a329718c1a98b238cb5f13651ae",
    "capabilities/sandbox/bounds.py": "b82c290735f74a48aee83ffc21648785dc702a2f3aff34a059ab9f4b7165f0b7",
    "capabilities/sandbox/bubblewrap.py": "fa6be97f7475952d77f3688c595bbecf6f8c34e9a6bd2e270ea881e2754c7138",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "56de42d1647715dd9c23935a60e68e87bcf83e01a5306b759bfde900325eac89",
    "capabilities/sandbox/ladder.py": "16517de44035a4e72648ec508cf51354f217f1e27d996416608d20155776b7c6",
    "capabilities/sandbox/landlock.py": "776d2d97e4be75370930deece4899fb9e635fc2a6dcb8f8fd5b20423c8b8b0f3",
    "capabilities/sandbox/scopes.py": "bd8eba4aae958fe15e4ffb7068cc5ad6ba6bc565e542f8ec5f5d833d42fa7b59",
    "capabilities/sandbox/seccomp.py": "561f93ffb5a69a2aa2be2b5e0f700812b98b6f17593d198b36fd2664e61883b6",
    "capabilities/tools/_paths.py": "e9102019d5b43eb0afff963c182a7d07cc1ce52293f6d8a9e5ecaefb6a8281fe",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "eb1ab02e6072714230bcbec062eda2455ec0331ecb8d1537ea8cf6558748a1f4",
}
