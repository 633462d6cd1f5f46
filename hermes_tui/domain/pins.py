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
    "capabilities/governance/policy.py": "0150a9835bd4a036569bfbff52e27b17a5059252df4013086a99d94a01c10d5f",
    "capabilities/governance/redact.py": "f4b03b691e102bcd8b9a494cff2a0f6dbe127eea4001a3b18dbef00a429e4a73",
    "capabilities/keys/_notary.py": "331bc3817d8c2eb1579420c66c13aa2d776812a1c15d03071717f906a3e0e59d",
    "capabilities/keys/_sshsig.py": "ceccd6ad738ff093a156fe108d570e04e4176a329718c1a98b238cb5f13651ae",
    "capabilities/sandbox/bounds.py": "ce9ef37c3e2c13f9fb4bfccbe1efe518d85f3201c86533c097c2cd54174f353c",
    "capabilities/sandbox/bubblewrap.py": "0a93cb21cf13237a6bf391b6222d689f29300d2b5e5583d69a14785a9f63c320",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "56de42d1647715dd9c23935a60e68e87bcf83e01a5306b759bfde900325eac89",
    "capabilities/sandbox/ladder.py": "16517de44035a4e72648ec508cf51354f217f1e27d996416608d20155776b7c6",
    "capabilities/sandbox/landlock.py": "f986a752419665cce83fcd5c35bec4b169922ea63f41224132decf59ebaced33",
    "capabilities/sandbox/scopes.py": "bd8eba4aae958fe15e4ffb7068cc5ad6ba6bc565e542f8ec5f5d833d42fa7b59",
    "capabilities/sandbox/seccomp.py": "561f93ffb5a69a2aa2be2b5e0f700812b98b6f17593d198b36fd2664e61883b6",
    "capabilities/tools/_paths.py": "e9102019d5b43eb0afff963c182a7d07cc1ce52293f6d8a9e5ecaefb6a8281fe",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "eb1ab02e6072714230bcbec062eda2455ec0331ecb8d1537ea8cf6558748a1f4",
}
