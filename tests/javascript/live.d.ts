declare const READING: any; // what reading.py gives, in front of the page's parts
