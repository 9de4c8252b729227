"""Faces of a picture: any file decoded, the boxes of its faces, and crops as the emotion network expects."""

from mood.emotion.faces.crops import MIN_SIZE, Box, crop_face, explain_no_face, resize_face, to_greyscale
from mood.emotion.faces.decoding import BACKGROUND_GREY, MAX_IMAGE_BYTES, FaceError, decode_image, find_images
from mood.emotion.faces.detection import MAX_PHOTOGRAPH_SIDE, detect_faces

__all__ = [
    "BACKGROUND_GREY",
    "MAX_IMAGE_BYTES",
    "MAX_PHOTOGRAPH_SIDE",
    "MIN_SIZE",
    "Box",
    "FaceError",
    "crop_face",
    "decode_image",
    "detect_faces",
    "explain_no_face",
    "find_images",
    "resize_face",
    "to_greyscale",
]
