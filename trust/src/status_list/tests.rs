mod bits;
mod cwt;
mod token;
mod vectors;
