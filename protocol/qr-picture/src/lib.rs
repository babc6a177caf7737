//! QR codes as pictures: drawing and reading
