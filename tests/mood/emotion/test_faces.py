"""mood.emotion.faces: any picture, the faces in it, and crops like those the network knows."""

import io
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mood.emotion import faces
from mood.emotion.faces import (
    Box,
    FaceError,
    crop_face,
    decode_image,
    detect_faces,
    explain_no_face,
    resize_face,
)
from tests.support.faces import astronaut, drawn_face, encoded, photograph, valid_faces

FACE = (174, 66, 99, 99)  # the astronaut's


def gradient(height: int = 60, width: int = 80) -> np.ndarray:
    """Red grows to the right, green downwards: its corners tell which way up it is."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width)
    image[..., 1] = np.linspace(0, 255, height)[:, None]
    return image


def refusal(content: bytes) -> str:
    with pytest.raises(FaceError) as caught:
        decode_image(content)
    message = str(caught.value)
    assert message[0].isupper() and message.endswith(".") and "\n" not in message
    return message


def near(box: Box, expected: tuple[int, int, int, int], by: float = 0.2) -> bool:
    return all(abs(a - b) <= by * expected[2] for a, b in zip(box, expected, strict=True))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "GIF", "JPEG"])
def test_every_format_gives_the_same_picture(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    image = decode_image(encoded(gradient(), kind, **options))
    assert image.dtype == np.uint8 and image.shape == (60, 80, 3)
    assert np.abs(image.astype(int) - gradient()).mean() < (4 if kind in ("GIF", "JPEG") else 0.01)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_s_note_on_how_it_was_held_is_respected(orientation: int) -> None:
    turns = {1: 0, 3: 2, 6: 1, 8: 3, 2: 0, 4: 2, 5: 1, 7: 3}[orientation]
    mirrored = orientation in (2, 4, 5, 7)
    stored = np.rot90(gradient(), turns)
    if mirrored:
        stored = stored[:, ::-1] if orientation in (2, 4) else stored[::-1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_image(encoded(np.ascontiguousarray(stored), "PNG", exif=exif))
    np.testing.assert_array_equal(image, gradient())


def test_sixteen_bits_become_eight() -> None:
    deep = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
    _, content = cv2.imencode(".png", deep)
    image = decode_image(content.tobytes())
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image[..., 0], deep / 257.0, atol=1)


def test_what_is_transparent_becomes_grey() -> None:
    image = np.zeros((8, 8, 4), np.uint8)
    image[:4] = (200, 10, 10, 255)
    decoded_image = decode_image(encoded(image))
    assert (
        tuple(decoded_image[0, 0]) == (200, 10, 10)
        and tuple(decoded_image[7, 7]) == (faces.BACKGROUND_GREY,) * 3
    )


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.fromarray(np.full((20, 20), shade, np.uint8)) for shade in (10, 240)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert decode_image(buffer.getvalue()).max() < 20


def test_hopeless_files_are_refused_in_a_sentence(tmp_path) -> None:
    assert "empty" in refusal(b"")
    assert "not a picture" in refusal(b"%PDF-1.7 nothing to see" * 20)
    assert "damaged" in refusal(encoded(gradient(400, 400))[:900])
    for path, word in (
        (tmp_path / "gone.png", "not be found"),
        (tmp_path, "folder"),
        (tmp_path / "a\0b", "could not be opened"),
    ):
        with pytest.raises(FaceError, match=word):
            decode_image(path)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    buffer = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(buffer, "PNG")
    start = time.process_time()
    assert "too large" in refusal(buffer.getvalue())
    assert time.process_time() - start < 0.5
    assert "too large" in refusal(bytes(faces.MAX_IMAGE_BYTES + 1))


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(0, 2000), st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF"]))
def test_whatever_the_bytes_only_a_sentence_is_raised(noise: bytes, place: int, kind: str) -> None:
    content = bytearray(encoded(gradient(), kind))
    place %= len(content)
    content[place : place + len(noise)] = noise
    try:
        image = decode_image(bytes(content))
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    except FaceError:
        pass


@pytest.mark.parametrize("thorough", [False, True])
def test_the_astronaut_s_face_is_detected_and_nothing_else(thorough: bool) -> None:
    (box,) = detect_faces(astronaut(), thorough)
    assert near(box, FACE)
    assert detect_faces(cv2.cvtColor(astronaut(), cv2.COLOR_RGB2GRAY), thorough) == [box]


def test_the_larger_of_two_faces_comes_first() -> None:
    near_one, far_one = astronaut()[:300, 50:350], cv2.resize(astronaut()[:300, 50:350], (220, 220))
    scene = np.full((300, 560, 3), 90, np.uint8)
    scene[40:260, :220], scene[:, 240:540] = far_one, near_one
    first, second = detect_faces(scene, thorough=True)
    assert first.x > 240 > second.x and first.w > second.w


def test_a_box_is_in_pixels_of_the_whole_picture() -> None:
    large = cv2.resize(astronaut(), (2048, 2048), interpolation=cv2.INTER_CUBIC)
    (box,) = detect_faces(large, thorough=True)
    assert near(box, tuple(4 * side for side in FACE))


@pytest.mark.parametrize("tilt", [-30, 30])
def test_a_rotated_face_is_detected_on_a_photograph(tilt: int) -> None:
    turn = cv2.getRotationMatrix2D((223, 115), tilt, 1.0)
    turned = cv2.warpAffine(np.array(astronaut()), turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    box = detect_faces(turned, thorough=True)[0]
    assert near(box, FACE, by=0.35)


def test_nothing_is_detected_where_nobody_is() -> None:
    rng = np.random.default_rng(0)
    for image in (
        np.zeros((240, 320, 3), np.uint8),
        rng.integers(0, 256, (240, 320, 3)).astype(np.uint8),
        cv2.resize(rng.integers(0, 256, (24, 32, 3)).astype(np.uint8), (320, 240)),
        np.ascontiguousarray(astronaut()[::-1][:250]),  # the space suit upside down
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((12, 30_000), np.uint8),  # too thin to be made smaller
        np.zeros((60_000, 20), np.uint8),
    ):
        assert detect_faces(image) == [] and detect_faces(image, thorough=True) == []


def test_the_reason_for_no_face() -> None:
    assert "dark" in explain_no_face(np.full((48, 64, 3), 5, np.uint8))
    assert "no face" in explain_no_face(np.full((48, 64, 3), 120, np.uint8))


def test_most_faces_of_fer2013_are_detected_and_their_crops_are_the_same_faces() -> None:
    """The network is trained on faces as `detect_faces` and `crop_face` give them."""
    n_detected, similarity = 0, []
    scenes, _ = valid_faces(90)
    for face in scenes:
        large = cv2.resize(face, (192, 192), interpolation=cv2.INTER_CUBIC)
        scene = cv2.copyMakeBorder(large, 144, 144, 224, 224, cv2.BORDER_REPLICATE)
        boxes = detect_faces(scene)
        if boxes and near(boxes[0], (224, 144, 192, 192), by=0.25):
            n_detected += 1
            similarity.append(np.corrcoef(crop_face(scene, boxes[0]).ravel(), face.ravel())[0, 1])
    assert n_detected >= 0.5 * len(scenes)
    assert np.median(similarity) > 0.8


@settings(max_examples=60)
@given(st.integers(-40, 90), st.integers(-40, 90), st.integers(1, 200))
def test_a_crop_is_always_a_face_or_a_sentence(x: int, y: int, side: int) -> None:
    image = np.stack([cv2.resize(drawn_face(), (120, 100))] * 3, axis=2)
    try:
        face = crop_face(image, Box(x, y, side, side))
        assert face.shape == (48, 48) and face.dtype == np.uint8
    except FaceError as error:
        assert str(error).endswith(".")


def test_a_face_of_any_size_becomes_48_pixels() -> None:
    smooth = drawn_face()
    for side in (faces.MIN_SIZE, 48, 100, 1000):
        face = resize_face(cv2.resize(smooth, (side, side), interpolation=cv2.INTER_AREA))
        assert face.shape == (48, 48)
        assert np.corrcoef(face.ravel(), smooth.ravel())[0, 1] > 0.9
    assert resize_face(np.ascontiguousarray(np.tile(smooth, (1, 3)))).shape == (48, 48)


def test_shrinking_does_not_fold_fine_patterns_into_coarse_ones() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (500, 250))
    stripes[:250] //= 2  # flat enough otherwise to be refused
    assert resize_face(stripes)[:20].std() < 8


def test_too_small_and_too_dark_are_errors() -> None:
    with pytest.raises(FaceError, match="small"):
        resize_face(np.full((5, 5), 100, np.uint8))
    with pytest.raises(FaceError, match="dark"):
        resize_face(np.full((90, 90, 3), 3, np.uint8))


def test_a_face_has_the_same_box_in_a_photograph_and_in_a_video() -> None:
    """Else a custom mood that was taught by video would not be known again in a photograph."""
    image = cv2.resize(astronaut()[:384], (640, 480), interpolation=cv2.INTER_CUBIC)
    assert detect_faces(image)[0] == detect_faces(image, thorough=True)[0]


@pytest.mark.parametrize("columns", [15, 20, 25])
def test_a_face_cut_off_by_the_edge_is_found_in_a_photograph(columns: int) -> None:
    """`columns`: what is missing of the face, in pixels of some 100."""
    image = astronaut()[:, FACE[0] + columns :]
    (box,) = detect_faces(np.ascontiguousarray(image), thorough=True)
    assert box.x == 0 and near(box, (0, FACE[1], FACE[2] - columns, FACE[3]), by=0.35)


def cut_off(edge: str, share: float) -> np.ndarray:
    """(384, 512) the astronaut, her face 198 pixels wide, with a share of it beyond an edge."""
    image = cv2.resize(astronaut(), (1_024, 1_024), interpolation=cv2.INTER_CUBIC)[:384]
    left, side = 2 * FACE[0], 2 * FACE[2]
    right_part = image[:, left + round(share * side) :][:, :512]
    left_part = image[:, : left + round((1 - share) * side)]
    return np.ascontiguousarray(right_part if edge == "left" else left_part)


@pytest.mark.parametrize("thorough", [False, True])
def test_the_largest_face_is_found_where_an_edge_cuts_it_off(thorough: bool) -> None:
    """In live video, too: up to nearly a half of it may be missing."""
    found = []
    for edge in ("left", "right"):
        for share in np.linspace(0.2, 0.46, 8):
            image = cut_off(edge, share)
            boxes = detect_faces(image, thorough)
            middle = boxes[0].x + boxes[0].w / 2 if boxes else 256
            from_edge = middle if edge == "left" else image.shape[1] - middle
            found.append(bool(boxes) and from_edge < 150 and abs(boxes[0].y - 132) < 80 and boxes[0].h > 120)
    assert np.mean(found) >= 0.7


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("name", ["clock_motion", "coffee", "motorcycle_left", "rocket"])
def test_no_face_is_found_in_photographs_of_things(name: str, turn: int) -> None:
    """Two of the three cascades take the clock for a face."""
    image = cv2.cvtColor(np.rot90(photograph(name), turn), cv2.COLOR_RGB2GRAY)
    for side in (320, 640):
        scale = side / max(image.shape)
        reduced = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        assert detect_faces(reduced) == []
