"""Sealed recordings: encrypted to a public key, so that the machine that sealed one cannot open it.

A sealed file is a header in plain, then libsodium's sealed box (X25519, XSalsa20 and Poly1305, from a key
of its own that is thrown away) around the same header, the call id and the recording:

    "SSSEAL"  version (1 byte)  key id (8 bytes)  box( header  call id (36 bytes)  mu-law codes )

So a bit flipped anywhere, a file cut short and one call's recording under another's name are all found.
The box proves that nothing was changed, not who made it: whoever has the public key can make one.
"""

from silentspam.retention import RetentionError
from silentspam.retention.keys import KEY_ID_BYTES, PrivateKey, PublicKey, sodium

MAGIC = b"SSSEAL"
VERSION = 1
HEADER_BYTES = len(MAGIC) + 1 + KEY_ID_BYTES
CALL_ID_BYTES = 36

MAX_BYTES = 256 * 2**20
"""A recording is sealed and opened whole, in memory: 9 hours of mu-law, far beyond any call."""


def seal(key: PublicKey, call_id: str, codes: bytes) -> bytes:
    """The bytes of a sealed file. Raises RetentionError without PyNaCl, or for more than MAX_BYTES."""
    if len(codes) > MAX_BYTES:
        raise RetentionError(f"{len(codes)} bytes are too many to seal: at most {MAX_BYTES}")
    public = sodium()
    header = _header(key)
    box = public.SealedBox(public.PublicKey(key.raw))
    return header + bytes(box.encrypt(header + call_id.encode("ascii") + codes))


def key_id_of(sealed: bytes) -> bytes:
    """Which key a sealed file wants. Raises RetentionError for what is none, or of another version."""
    if len(sealed) < HEADER_BYTES or not sealed.startswith(MAGIC):
        raise RetentionError("not a sealed recording, or cut short")
    if (version := sealed[len(MAGIC)]) != VERSION:
        raise RetentionError(f"sealed in version {version}, this one knows {VERSION}: damaged, or newer")
    return sealed[len(MAGIC) + 1 : HEADER_BYTES]


def unseal(key: PrivateKey, call_id: str, sealed: bytes) -> bytes:
    """The mu-law codes of a sealed file that belongs to this call.

    Raises RetentionError for another key's, for one that was changed or cut short, and for another call's.
    """
    if (wanted := key_id_of(sealed)) != key.public.key_id:
        raise RetentionError(f"sealed to key {wanted.hex()}, this is {key.public.key_id.hex()}")
    public = sodium()
    import nacl.exceptions

    box = public.SealedBox(public.PrivateKey(key.raw))
    try:
        content = bytes(box.decrypt(sealed[HEADER_BYTES:]))
    except (nacl.exceptions.CryptoError, ValueError, TypeError) as error:
        raise RetentionError("damaged or cut short: what it holds cannot be trusted") from error
    start = HEADER_BYTES + CALL_ID_BYTES
    if len(content) < start or content[:HEADER_BYTES] != _header(key.public):
        raise RetentionError("damaged: its header is not what was sealed")
    if (named := content[HEADER_BYTES:start]) != call_id.encode("ascii", "replace"):
        raise RetentionError(f"it holds the recording of call {named.decode('ascii', 'replace')}")
    return content[start:]


def _header(key: PublicKey) -> bytes:
    return MAGIC + bytes([VERSION]) + key.key_id
