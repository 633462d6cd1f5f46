"""What the constitution and its guardrails were when they were pinned; made by `make docs`."""

from typing import Final

PINS: Final = {
    "constitution.md": "2bc32bb5ca38a162dd970bbe1884155d62e1fcd98f6db3133da78d36577b9170",
    "domain/guardrails.py": "39b711afbb1f4437f515bd0afb972ca7d4fed6b1053df5358bae6add96915111",
    "domain/hosts.py": "cce3a11eb8c7c3021efc0ed9059085665fa9ed66307fea8e924124183a9804ee",
    "domain/intents.py": "7af0833c3a451e043506bb3aab6948a0a835356e2b9a4c5ca7bfd8ac0175ca0b",
    "kernel/budget.py": "4aac3d625aafc701c8f4a65c8a0e70ba1121649506f820c75c7e00a3ca191702",
    "kernel/dispatch.py": "bc5a36ae6b7a559e344e202d7cf4f91d2750f4f5111ac34bea15a6d80f488ebb",
    "kernel/two_keys.py": "cf414a9c4b7fd7fa3dbaff7c46efce6cfb65533d7b5f92e79c9a2948addd0b32",
    "capabilities/governance/policy.py": "f4325700b2079a0121abf650ce5cd79a6aa3571d6d283ac568b4160acc6e989f",
    "capabilities/governance/redact.py": "8d69fa0e99e2991923f2fd1e6adbf55d628e8afdd567e7e50b2d1ec003ba4f78",
    "capabilities/keys/_notary.py": "8961d2e5bca49a5f8525fbe5bfbbc60e67e353160cc5c15d47b039fdfa23a4e5",
    "capabilities/keys/_sshsig.py": "97a17a8925ad2942e8c6cff0b06388e4dc58e6a5b2e4ba40085ff24d4f2669d8",
    "capabilities/sandbox/bounds.py": "d126bf817f0c80d9bf3a68e89ed8715ec395c2afdb763de495948fbfb1f15912",
    "capabilities/sandbox/bubblewrap.py": "fb31355ab01b6ed85cd8f1138353d7474ce302bbb9a15298be29d6565c8b2116",
    "capabilities/sandbox/confine.py": "dabec5a0fe6b46ca3a85cad07fccdfaa54d717fe36f74183bc879ff0c3a98f8d",
    "capabilities/sandbox/egress.py": "c72097eea66a4ac776b2a311a19bdffdbf07ae1dfe9015c17a297399dfc8ca9f",
    "capabilities/sandbox/ladder.py": "16517de44035a4e72648ec508cf51354f217f1e27d996416608d20155776b7c6",
    "capabilities/sandbox/landlock.py": "dedd95964e8fa4f2e623e7218e83927b7497cb052c990b7bf2f0cf0b9d7d11b3",
    "capabilities/sandbox/scopes.py": "398b3af4e346a5f23f76cada85cb5781315e7422e7bd842ff9f404d9e884360d",
    "capabilities/sandbox/seccomp.py": "e962966a4fa3bd3d2e5d5e48f5a6c310834477cd809fd6a676f944dd34a4e26f",
    "capabilities/tools/_paths.py": "adfe1d075fcdce7c10d27907226ae247db12849af2b0f26dc113db8e380e7c26",
    "services/constitution.py": "8f11a7120f5a33b5e6a9bbb15574181186157afc0eff115e765a113e6bea97f0",
    "services/trust.py": "e7719acb3838801f08a5ba415f11b16fe7c038597ab69db390f9afc92b68f9bb",
}
