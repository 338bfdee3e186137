"""Flickr8k: photographs with five captions each (M. Hodosh, P. Young, J. Hockenmaier, JAIR 47, 2013)."""

from pathlib import Path

from .product import Product
from .source import FilePictures, Format, Notes, Source

CAPTIONS = "Flickr8k.token.txt"
LISTS = {
    "Flickr_8k.trainImages.txt": "train",
    "Flickr_8k.devImages.txt": "val",
    "Flickr_8k.testImages.txt": "test",
}
PICTURES = ("Flicker8k_Dataset", "Images")  # the first is the release's spelling


def read(folder: Path, notes: Notes) -> Source:
    """Read one product per picture, named by its first caption.

    Where there are split lists, pictures in none of them are left out: 92 in the release.
    """
    captions = _captions(folder / CAPTIONS, notes)
    splits = _splits(folder, captions, notes)
    pictures = next((folder / name for name in PICTURES if (folder / name).is_dir()), folder / PICTURES[0])
    products, paths = [], []
    for picture, numbered in captions.items():
        if splits and picture not in splits:
            notes.skip_unlisted()
            continue
        texts = tuple(numbered[number] for number in sorted(numbered))
        products.append(
            Product(
                catalogue=notes.folder,
                id=picture,
                name=texts[0],
                captions=texts,
                split=splits.get(picture, ""),
            )
        )
        paths.append(pictures / picture)
    return Source(products, FilePictures(folder, paths))


def _captions(path: Path, notes: Notes) -> dict[str, dict[int, str]]:
    captions: dict[str, dict[int, str]] = {}
    with path.open("rb") as file:
        for line_number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                picture, number, caption = _parse(line.decode("utf-8"))
                if number in captions.get(picture, {}):
                    raise ValueError(f"Caption {number} of {picture} occurs twice.")
            except ValueError as error:
                notes.skip_line(path, line_number, error)
                continue
            captions.setdefault(picture, {})[number] = caption
    return captions


def _parse(line: str) -> tuple[str, int, str]:
    key, tab, caption = line.partition("\t")
    picture, mark, number = key.strip().rpartition("#")
    caption = " ".join(caption.split())
    if not (tab and mark and caption and number.isdecimal()) or picture != Path(picture).name:
        raise ValueError("The line is not of the form PICTURE#NUMBER, tab, caption.")
    return picture, int(number), caption


def _splits(folder: Path, captions: dict[str, dict[int, str]], notes: Notes) -> dict[str, str]:
    splits: dict[str, str] = {}
    for name, split in LISTS.items():
        if not (folder / name).exists():
            continue
        for number, line in enumerate((folder / name).read_bytes().splitlines(), start=1):
            picture = line.decode("utf-8", errors="replace").strip()
            if picture in splits:
                notes.skip_line(folder / name, number, f"{picture} is of split {splits[picture]} already.")
            elif picture in captions:
                splits[picture] = split
            elif picture:
                notes.skip_line(folder / name, number, f"There is no caption of {picture}.")
    return splits


def _fits(folder: Path) -> bool:
    return (folder / CAPTIONS).exists()


FORMAT = Format(
    f"{CAPTIONS}, the lists {', '.join(LISTS)}, and {' or '.join(PICTURES)}: Flickr8k",
    _fits,
    read,
)
