mod bits;
mod token;
mod vectors;
